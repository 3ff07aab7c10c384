import type { PackageDirectoryLoader } from 'n8n-core';
import {
  ICredentialsHelper,
  type ICredentialDataDecryptedObject,
  type ICredentialType,
  type IHttpRequestOptions,
  type INode,
  type Workflow,
} from 'n8n-workflow';

export const CREDENTIAL = 'whatsAppConnectorApi';

/** The fields of our credential. */
export interface Connector {
  baseUrl: string;
  apiKey: string;
}

/** Hands n8n's engine one credential, and authenticates requests the way the credential's own class says. */
export class ConnectorCredentials extends ICredentialsHelper {
  readonly #connector: Connector;
  readonly #authenticate: NonNullable<ICredentialType['authenticate']>;

  constructor(connector: Connector, loader: PackageDirectoryLoader) {
    super();
    this.#connector = connector;
    const { authenticate } = loader.getCredential(CREDENTIAL).type;
    if (!authenticate) throw new Error('the credential does not say how to authenticate');
    this.#authenticate = authenticate;
  }
  override getParentTypes = (): string[] => [];
  override isCredentialUsableByNode = (): boolean => true;
  override async preAuthentication(): Promise<undefined> {}
  override async runPreAuthentication(): Promise<undefined> {}
  override async updateCredentials(): Promise<void> {}
  override async updateCredentialsOauthTokenData(): Promise<void> {}
  override getCredentialsProperties = () => [];
  override async getCredentials(): Promise<never> {
    throw new Error('only decrypted credentials are asked for');
  }
  override async getDecrypted(): Promise<ICredentialDataDecryptedObject> {
    return { ...this.#connector };
  }
  override async authenticate(
    credentials: ICredentialDataDecryptedObject,
    _type: string,
    options: IHttpRequestOptions,
    workflow?: Workflow,
    node?: INode,
  ): Promise<IHttpRequestOptions> {
    if (typeof this.#authenticate === 'function') return await this.#authenticate(credentials, options);
    if (!workflow || !node) throw new Error('a generic credential needs a workflow to resolve its expressions');
    const headers = Object.entries(this.#authenticate.properties.headers ?? {}).map(([name, value]) => [
      name,
      workflow.expression.getSimpleParameterValue(node, String(value), 'internal', { $credentials: credentials }),
    ]);
    return { ...options, headers: { ...options.headers, ...Object.fromEntries(headers) } };
  }
}
