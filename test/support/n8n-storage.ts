/** Where a real n8n keeps the files of items: on its disk. Without it they are in the items themselves. */
import './n8n-environment.ts';
import { Container } from '@n8n/di';
import { BinaryDataService } from 'n8n-core';

let ready: Promise<void> | undefined;

export async function storage(): Promise<BinaryDataService> {
  const service = Container.get(BinaryDataService);
  await (ready ??= service.init());
  return service;
}
