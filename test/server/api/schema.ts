/**
 * Fields that the schema of the Heroku Platform API v3 gives each resource (heroku-platform-api.json, 2026), with the JSON types it
 * allows. Those that Shipway leaves out on purpose are not listed.
 */
type Types = Readonly<Record<string, string>>;

const app: Types = {
  acm: 'boolean',
  archived_at: 'null|string',
  build_stack: 'object',
  buildpack_provided_description: 'null|string',
  created_at: 'string',
  git_url: 'string',
  id: 'string',
  internal_routing: 'null|boolean',
  maintenance: 'boolean',
  name: 'string',
  organization: 'null|object',
  owner: 'object',
  region: 'object',
  released_at: 'null|string',
  repo_size: 'null|number',
  slug_size: 'null|number',
  space: 'null|object',
  stack: 'object',
  team: 'null|object',
  updated_at: 'string',
  web_url: 'null|string',
};
const account: Types = {
  allow_tracking: 'boolean',
  beta: 'boolean',
  country_of_residence: 'null|string',
  created_at: 'string',
  default_organization: 'null|object',
  default_team: 'null|object',
  delinquent_at: 'null|string',
  email: 'string',
  federated: 'boolean',
  id: 'string',
  identity_provider: 'null|object',
  last_login: 'null|string',
  name: 'null|string',
  sms_number: 'null|string',
  suspended_at: 'null|string',
  two_factor_authentication: 'boolean',
  updated_at: 'string',
  verified: 'boolean',
};
const release: Types = {
  addon_plan_names: 'array',
  app: 'object',
  artifacts: 'array',
  created_at: 'string',
  current: 'boolean',
  description: 'string',
  eligible_for_rollback: 'boolean',
  id: 'string',
  output_stream_url: 'null|string',
  slug: 'null|object',
  status: 'string',
  updated_at: 'string',
  user: 'object',
  version: 'number',
};
const build: Types = {
  app: 'object',
  buildpacks: 'null|array',
  created_at: 'string',
  id: 'string',
  output_stream_url: 'string',
  release: 'null|object',
  slug: 'null|object',
  source_blob: 'object',
  stack: 'string',
  status: 'string',
  updated_at: 'string',
  user: 'object',
};
const dyno: Types = {
  app: 'object',
  attach_url: 'null|string',
  command: 'string',
  created_at: 'string',
  id: 'string',
  name: 'string',
  release: 'object',
  size: 'string',
  state: 'string',
  type: 'string',
  updated_at: 'string',
};
const formation: Types = {
  app: 'object',
  command: 'string',
  created_at: 'string',
  dyno_size: 'object',
  id: 'string',
  quantity: 'number',
  size: 'string',
  type: 'string',
  updated_at: 'string',
};

export const herokuSchema = { account, app, build, dyno, formation, release } as const;

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Fields that are missing or of another type; times that are not ISO 8601 in seconds. */
export function schemaProblems(kind: keyof typeof herokuSchema, value: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(herokuSchema[kind]).flatMap(([field, types]) => {
    const type = typeOf(value[field]);
    if (!types.split('|').includes(type)) return [`${field} is ${type}, not ${types}`];
    const isTime = field.endsWith('_at') && type === 'string';
    return isTime && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(value[field])) ? [`${field} is no time`] : [];
  });
}
