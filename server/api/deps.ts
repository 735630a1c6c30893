import type { Control } from '../domain/control.ts';
import type { Logs } from '../domain/log.ts';
import type { Stores } from '../domain/stores.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { SignInLimit } from './sign-in-limit.ts';
import type { UrlSigner } from './signed-url.ts';

/** What the composition root gives. */
export interface ApiOptions {
  readonly stores: Stores;
  readonly control: Control;
  readonly logs: Logs;
  readonly clock: () => Date;
  readonly log: (text: string) => void;
  /** 32 bytes in hex: signs the URLs of streams. */
  readonly secretKey: string;
  /** `http://localhost:8080`: the platform as users reach it. */
  readonly baseUrl: string;
  readonly version: string;
}

/** What the resources work with. */
export interface ApiDeps extends ApiOptions {
  readonly cookie: SessionCookie;
  readonly signInLimit: SignInLimit;
  readonly signer: UrlSigner;
}
