import { z } from 'zod';
import type { App } from '../domain/app.ts';
import { ShipwayError } from '../domain/error.ts';
import type { FormationEntry } from '../domain/process-type.ts';
import type { Release } from '../domain/release.ts';
import type { ApiDeps } from './deps.ts';
import { formatSize, formatTime, nameId, refApp } from './json.ts';
import { type ListShape, pageOf, readRange, replyPage } from './range.ts';
import { parseBody } from './request-body.ts';
import { type AppCall, appRoute, pathPart, type Route, reply } from './route.ts';

const sizeSchema = z.string({ error: 'must be the name of a size' });
const quantityRule = 'must be a number, or text such as "+1"';
const isQuantity = (quantity: string | number) => /^[+-]?\d{1,4}$/.test(String(quantity));
const changeSchema = z.object({
  /** `2`, `"2"`, `"+1"`, `"-1"`. */
  quantity: z
    .union([z.int().min(0), z.string()], { error: quantityRule })
    .refine(isQuantity, quantityRule)
    .optional(),
  size: sizeSchema.optional(),
  dyno_size: z.union([sizeSchema, z.object({ name: sizeSchema }).transform(({ name }) => name)]).optional(),
});
const batchSchema = z.object({
  updates: z
    .array(changeSchema.extend({ type: z.string({ error: 'must be a process type' }) }), {
      error: 'must be a list of process types with quantity or size',
    })
    .max(100),
});

type Change = z.output<typeof changeSchema>;

function readChange(type: string, { quantity, size, dyno_size }: Change) {
  const wanted = size ?? dyno_size;
  if (quantity === undefined && wanted === undefined) {
    throw new ShipwayError('invalid_params', `quantity: ${type} needs a quantity or a size`);
  }
  return {
    type,
    ...(quantity === undefined ? {} : { quantity }),
    ...(wanted === undefined ? {} : { size: wanted.toLowerCase() }),
  };
}

const shape: ListShape<FormationEntry> = { keys: { id: ({ id }) => id, type: ({ type }) => type } };

/** Its times are the app's: both change together. */
function writeFormation(app: App, entry: FormationEntry, current: Release | undefined) {
  const size = formatSize(entry.size);
  return {
    app: refApp(app),
    command: current?.image?.processTypes.find(({ type }) => type === entry.type)?.command ?? null,
    created_at: formatTime(app.createdAt),
    docker_image: null,
    dyno_size: { id: nameId('dyno size', entry.size), name: size },
    id: entry.id,
    quantity: entry.quantity,
    size,
    type: entry.type,
    updated_at: formatTime(app.updatedAt),
  };
}

export function formationRoutes({ control, stores }: ApiDeps): readonly Route[] {
  const findEntry = async (call: AppCall): Promise<FormationEntry> => {
    const identity = pathPart(call, 'formation');
    const entries = await stores.formations.ofApp(call.app.id);
    const entry = entries.find(({ id, type }) => id === identity || type === identity);
    if (!entry) throw new ShipwayError('not_found', "Couldn't find that process type.", { resource: 'formation' });
    return entry;
  };
  return [
    appRoute('get', '/formation', async ({ request, app }) => {
      const range = readRange(request, shape);
      const current = await stores.releases.current(app.id);
      const page = pageOf(await stores.formations.ofApp(app.id), range, shape);
      return replyPage(page, async (entry) => writeFormation(app, entry, current));
    }),
    appRoute('get', '/formation/:formation', async (call) => {
      const current = await stores.releases.current(call.app.id);
      return reply(writeFormation(call.app, await findEntry(call), current));
    }),
    appRoute('patch', '/formation', async (call) => {
      const { app, user } = call;
      const updates = parseBody(call, batchSchema).updates.map(({ type, ...change }) => readChange(type, change));
      const entries = await control.scale({ app, user, updates });
      const current = await stores.releases.current(app.id);
      const types = new Set(updates.map(({ type }) => type));
      return reply(entries.filter(({ type }) => types.has(type)).map((entry) => writeFormation(app, entry, current)));
    }),
    appRoute('patch', '/formation/:formation', async (call) => {
      const { app, user } = call;
      const { type } = await findEntry(call);
      const updates = [readChange(type, parseBody(call, changeSchema))];
      const entries = await control.scale({ app, user, updates });
      const current = await stores.releases.current(app.id);
      const [entry] = entries.filter((one) => one.type === type);
      return reply(entry && writeFormation(app, entry, current));
    }),
  ];
}
