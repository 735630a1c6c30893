import { ShipwayError } from '../../server/domain/error.ts';

/** Where the engine listens. A unix socket means that it runs on this machine. */
export type DockerAddress =
  | { readonly kind: 'unix'; readonly socketPath: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * Parses DOCKER_HOST: `unix:///path` or `tcp://host[:2375]`, as the docker CLI takes it.
 * TLS and ssh are left out: a tunnel (`ssh -L`, stunnel) to a socket of this machine does both.
 */
export function parseDockerHost(text: string): DockerAddress {
  const url = URL.parse(text);
  if (url?.protocol === 'unix:' && url.host === '' && url.pathname.length > 1) {
    return { kind: 'unix', socketPath: decodeURIComponent(url.pathname) };
  }
  if ((url?.protocol === 'tcp:' || url?.protocol === 'http:') && url.hostname !== '') {
    return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 2375) };
  }
  throw new ShipwayError(
    'invalid_params',
    `Cannot read DOCKER_HOST ${JSON.stringify(text)}. Give unix:///path/to/docker.sock or tcp://host:port.`,
  );
}
