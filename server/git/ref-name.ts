/** Characters that revision syntax needs (git-check-ref-format, rules 4 and 5). */
const forbiddenCharacters = new Set(' ~^:?*[\\\u007f');
/** Ref names become file names; Linux takes 255 bytes in each part and git 4,096 in all. */
const maxPartBytes = 250;
const maxBytes = 1024;

/**
 * Whether a pusher may name a ref so: `refs/<category>/<name>`, by the rules of git-check-ref-format(1) as git's receive-pack
 * applies them (HEAD and other names outside of refs/ are not for pushing).
 */
export function isRefName(name: string): boolean {
  if (Buffer.byteLength(name) > maxBytes) return false;
  const parts = name.split('/');
  if (parts.length < 3 || parts[0] !== 'refs') return false;
  if (name.includes('..') || name.includes('@{') || name.endsWith('.')) return false;
  return parts.every(isPart);
}

function isPart(part: string): boolean {
  if (part === '' || part.startsWith('.') || part.endsWith('.lock')) return false;
  if (Buffer.byteLength(part) > maxPartBytes) return false;
  return !Array.from(part).some((character) => character < ' ' || forbiddenCharacters.has(character));
}
