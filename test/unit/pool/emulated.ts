import { createEmulator, type Emulator, type EmulatorOptions } from '../../../src/emulator/index.ts';
import { createPoolClients, destroyClients, type PoolClients } from '../../../src/pool/awsClients.ts';

/** An embedded Cognito with the SDK's own clients, over the wire. */
export interface Emulated {
  readonly emulator: Emulator;
  readonly url: string;
  readonly clients: PoolClients;
  /** Names of the operations since the last look, without those that only read. */
  writes(): string[];
  stop(): Promise<void>;
}

export async function startEmulated(options: EmulatorOptions = {}, region = 'eu-west-1'): Promise<Emulated> {
  const emulator = createEmulator(options);
  const { url } = await emulator.listen();
  const clients = createPoolClients({
    region,
    endpoints: { cognitoIdentity: url, sts: url, iam: url },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    emulator,
    url,
    clients,
    writes: () => {
      const operations = emulator.requests.entries().map(({ operation }) => operation);
      emulator.requests.clear();
      return operations.filter((operation) => !/^(Get|List|Describe)/.test(operation));
    },
    stop: async () => {
      destroyClients(clients);
      await emulator.close();
    },
  };
}

/** How IAM and STS refuse: in XML, which the SDK's clients for them expect. */
export const iamRefusal = (operation: string) => ({
  operation,
  times: 1,
  status: 403,
  body: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: ${operation}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
});

export const cognitoRefusal = (operation: string) => ({
  operation,
  times: 1,
  error: { name: 'AccessDeniedException', message: `not authorized to perform: ${operation}` },
});
