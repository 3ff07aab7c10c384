import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

export class WhatsAppConnectorApi implements ICredentialType {
  name = 'whatsAppConnectorApi';

  displayName = 'WhatsApp Connector API';

  icon = {
    light: 'file:../icons/whatsapp-connector.svg',
    dark: 'file:../icons/whatsapp-connector.dark.svg',
  } as const;

  documentationUrl = 'https://github.com/eldoleado/n8n-nodes-eldoleado-whatsapp#credentials';

  properties: INodeProperties[] = [
    {
      displayName: 'Base URL',
      name: 'baseUrl',
      type: 'string',
      default: 'http://localhost:3003',
      required: true,
      placeholder: 'e.g. http://localhost:3003',
      description: 'Where the connector runtime listens, as seen from the machine n8n runs on',
    },
    {
      displayName: 'API Key',
      name: 'apiKey',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'The API_KEY the connector runtime was started with',
    },
  ];

  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey}}' } },
  };

  test: ICredentialTestRequest = {
    request: { baseURL: '={{$credentials.baseUrl}}', url: '/sessions' },
    rules: [
      {
        type: 'responseCode',
        properties: {
          value: 401,
          message: 'The runtime answers, but not to this API key. Use the API_KEY it was started with.',
        },
      },
      {
        type: 'responseCode',
        properties: {
          value: 404,
          message: 'There is a web server at this address, but it is not the WhatsApp Connector runtime.',
        },
      },
    ],
  };
}
