import { createContext, useContext } from 'react';
import type { Client } from './client.ts';
import type { Connection } from './connection.ts';

export interface Api {
  readonly client: Client;
  readonly connection: Connection;
}

export const ApiContext = createContext<Api | undefined>(undefined);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === undefined) throw new Error('useApi is called outside of ApiContext');
  return api;
}

export const useClient = (): Client => useApi().client;
