import { networkNames } from './labels.ts';

/** Runs a child process to its end, without a shell; 127 when there is no such program. */
export type Run = (
  command: string,
  args: readonly string[],
) => Promise<{ readonly exitCode: number; readonly stderr: string }>;

/** Firewall rules of the host that keep containers from what only the host may reach. */
export interface HostRules {
  /** Idempotent. Where a rule cannot be set it says so in the log and goes on. */
  apply(): Promise<void>;
  remove(): Promise<void>;
}

type Rule = readonly [chain: string, ...match: string[]];

/**
 * In the mangle table: it is asked before the filter table, where Docker, ufw and firewalld put theirs, so neither their order nor a
 * restart of the engine opens a gap. Instances never reach each other (enable_icc=false) nor other networks of the engine (its own rules).
 */
export function hostRuleList(platformId: string): readonly Rule[] {
  const { instances, builds } = networkNames(platformId);
  const comment = ['-m', 'comment', '--comment', `shipway-${platformId}`, '-j', 'DROP'];
  return [instances.bridge, builds.bridge].flatMap((bridge): Rule[] => [
    // Answers to the router and the health probe pass; whatever a container begins does not.
    ['INPUT', '-i', bridge, '-m', 'conntrack', '!', '--ctstate', 'RELATED,ESTABLISHED', ...comment],
    // Link-local addresses: a cloud machine's metadata service, with its credentials, is 169.254.169.254.
    ['PREROUTING', '-i', bridge, '-d', '169.254.0.0/16', ...comment],
  ]);
}

export function createHostRules(options: {
  readonly platformId: string;
  readonly run: Run;
  readonly log: (text: string) => void;
}): HostRules {
  const rules = hostRuleList(options.platformId);
  const iptables = (command: '-C' | '-I' | '-D', rule: Rule) =>
    // -w: wait for the lock of whoever else changes rules, e.g. the engine.
    options.run('iptables', ['-w', '10', '-t', 'mangle', command, ...rule]);

  return {
    apply: async () => {
      for (const rule of rules) {
        if ((await iptables('-C', rule)).exitCode === 0) continue;
        const { exitCode, stderr } = await iptables('-I', rule);
        if (exitCode === 0) continue;
        const seen = stderr.trim().split('\n')[0] ?? '';
        options.log(
          `Cannot set the firewall rules of instances and builds: iptables: ${seen} (exit code ${exitCode}). Until it works they can reach this machine's own ports and the cloud's metadata address. Install iptables and run the server as root.`,
        );
        return;
      }
    },
    remove: async () => {
      for (const rule of rules) {
        while ((await iptables('-D', rule)).exitCode === 0);
      }
    },
  };
}
