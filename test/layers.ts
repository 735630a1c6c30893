import { cruise, type ICruiseResult } from 'dependency-cruiser';
import rules from '../.dependency-cruiser.json' with { type: 'json' };

// dependency-cruiser passes silently when it understood nothing: fewer modules than this means that it did.
const fewestModules = 50;

const { options, forbidden } = rules as { options: object; forbidden: [] };
const { output } = await cruise(['server', 'buildpacks', 'runtime'], {
  ...options,
  ruleSet: { forbidden },
  validate: true,
});
const { summary, modules } = output as ICruiseResult;
for (const { rule, from, to } of summary.violations) process.stderr.write(`${rule.name}: ${from} -> ${to}\n`);
if (modules.length < fewestModules)
  process.stderr.write(`Only ${modules.length} modules were cruised: the check saw nothing.\n`);
process.exit(summary.error > 0 || modules.length < fewestModules ? 1 : 0);
