import { ShipwayError } from '../../server/domain/error.ts';

/** Docker 20.10 and Podman 4 speak 1.41; Docker 29 refuses what is below 1.44. */
const oldest = '1.41';
const newest = '1.47';

/** The newest API version that both sides speak. `offered` is the engine's newest, from its Api-Version header. */
export function chooseApiVersion(offered: string | undefined): string {
  if (offered === undefined || !/^\d+\.\d+$/.test(offered) || minorOf(offered) < minorOf(oldest)) {
    throw new ShipwayError(
      'engine_unavailable',
      `Cannot use the engine: it offers API version ${offered ?? 'none'}, ${oldest} or later is needed. Install Docker 20.10 or later, or Podman 4 or later.`,
    );
  }
  return minorOf(offered) < minorOf(newest) ? offered : newest;
}

function minorOf(version: string): number {
  const [major, minor] = version.split('.');
  return Number(major) * 1000 + Number(minor);
}
