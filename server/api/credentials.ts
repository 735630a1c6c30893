/** What an Authorization header holds: a token (Bearer), or a user name and a password or token (Basic). */
export type Credentials =
  | { readonly scheme: 'bearer'; readonly secret: string }
  | { readonly scheme: 'basic'; readonly name: string; readonly secret: string };

/** RFC 6750, section 2.1 and RFC 7617. Undefined for any other scheme or form. */
export function parseAuthorization(header: string | undefined): Credentials | undefined {
  const [, scheme, value] = /^(bearer|basic) +([\w.~+/-]+=*) *$/i.exec(header ?? '') ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', secret: value };
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  return { scheme: 'basic', name: text.slice(0, colon), secret: text.slice(colon + 1) };
}
