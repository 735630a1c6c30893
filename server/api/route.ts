import type { Request, Response } from 'express';
import type { App } from '../domain/app.ts';
import type { AccessToken, User } from '../domain/user.ts';

export interface Call {
  readonly request: Request;
  readonly response: Response;
}

export interface UserCall extends Call {
  readonly user: User;
  /** The one that the request came with. */
  readonly token: AccessToken;
}

export interface AppCall extends UserCall {
  /** The app that the path names; the user may know and change it. */
  readonly app: App;
}

/** Undefined: the handler answers by itself (a stream). */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Method = 'get' | 'post' | 'patch' | 'delete';
type Answer = Promise<Reply | undefined>;

/** What a request must bring is part of the route; `authorize` alone acts on it. */
export type Route =
  | { readonly method: Method; readonly path: string; readonly access: 'open'; handle(call: Call): Answer }
  | { readonly method: Method; readonly path: string; readonly access: 'user'; handle(call: UserCall): Answer }
  | { readonly method: Method; readonly path: string; readonly access: 'app'; handle(call: AppCall): Answer };

/** No token needed: sign-in, which checks passwords itself, and streams, whose URL is signed. */
export function openRoute(method: Method, path: string, handle: (call: Call) => Answer): Route {
  return { method, path, access: 'open', handle };
}

export function userRoute(method: Method, path: string, handle: (call: UserCall) => Answer): Route {
  return { method, path, access: 'user', handle };
}

/** `path` is below the app: `/dynos` is `/apps/:app/dynos`. */
export function appRoute(method: Method, path: string, handle: (call: AppCall) => Answer): Route {
  return { method, path: `/apps/:app${path}`, access: 'app', handle };
}

export function reply(body: unknown, status = 200): Reply {
  return { status, body };
}

/** A parameter of the path, decoded. */
export function pathPart({ request }: Call, name: string): string {
  return String(request.params[name]);
}
