import type { App } from '../domain/app.ts';

/** What the pipeline knows of the platform it runs on. */
export interface PlatformSettings {
  readonly domain: string;
  readonly port: number;
  /** `<host>:<port>` of the registry, as the engine reaches it. */
  readonly registryHost: string;
}

function hostWithPort(host: string, port: number): string {
  return port === 80 ? host : `${host}:${port}`;
}

export function appHost(settings: PlatformSettings, appName: string): string {
  return `${appName}.${settings.domain}`;
}

/** `http://hello.localhost:8080/` */
export function webUrl(settings: PlatformSettings, appName: string): string {
  return `http://${hostWithPort(appHost(settings, appName), settings.port)}/`;
}

/** `http://localhost:8080/hello.git` */
export function gitUrl(settings: PlatformSettings, app: Pick<App, 'name'>): string {
  return `http://${hostWithPort(settings.domain, settings.port)}/${app.name}.git`;
}

/** `http://localhost:8080` */
export function platformUrl({ domain, port }: PlatformSettings): string {
  return `http://${hostWithPort(domain, port)}`;
}
