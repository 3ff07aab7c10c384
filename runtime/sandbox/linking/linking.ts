/** Linking clients to accounts: by QR code, and by a code typed at the phone. */
export { DeviceLinker } from './device-linker.ts';
export { linkingRoutes } from './linking-routes.ts';
export type { Blobs, LinkingOptions, PreKeyStock } from './options.ts';
export { handleRegistering } from './registering.ts';
export { Registrations } from './registration.ts';
