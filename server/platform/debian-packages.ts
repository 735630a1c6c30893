import { run } from './run.ts';

/** Installs Debian packages where apt-get is and may. @throws Error that says what to install by hand. */
export async function installPackages(names: readonly string[], purpose: string): Promise<void> {
  const byHand = `Install it yourself: apt-get install ${names.join(' ')}`;
  if ((await run('apt-get', ['--version'])).exitCode !== 0)
    throw new Error(
      `Cannot install ${purpose}: this machine has no apt-get. ${byHand} (or your system's packages of that name).`,
    );
  if (process.getuid?.() !== 0)
    throw new Error(`Cannot install ${purpose}: that needs root. ${byHand}, then run this again.`);
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    DEBIAN_FRONTEND: 'noninteractive',
    LC_ALL: 'C',
  };
  // A machine that has just booted upgrades itself first: wait for that.
  const patiently = ['-o', 'DPkg::Lock::Timeout=300'];
  const install = () =>
    run('apt-get', [...patiently, 'install', '-y', '-qq', '--no-install-recommends', ...names], { env });
  let result = await install();
  if (result.exitCode !== 0) {
    // A fresh machine has no package lists yet.
    await run('apt-get', ['update', '-qq'], { env });
    result = await install();
  }
  if (result.exitCode !== 0)
    throw new Error(
      `Cannot install ${purpose}: ${result.stderr.trim().split('\n').at(-1)}\n${byHand}, then run this again.`,
    );
}
