import type { IncomingMessage } from 'node:http';
import { ShipwayError } from '../domain/error.ts';
import type { Reply } from './route.ts';

type Key = string | number;
type Order = 'asc' | 'desc';

/** By what a list can be ranged: the first key is the default. Keys are unique in the list. */
export interface ListShape<Item> {
  readonly keys: Readonly<Record<string, (item: Item) => Key>>;
  readonly order?: Order;
}

/** Heroku's Range header: `version ]5..9; order=desc,max=10`. Start and end are read in the direction of `order`. */
export interface ListRange {
  readonly by: string;
  readonly start: string;
  readonly startIsOutside: boolean;
  readonly end: string;
  readonly order: Order;
  readonly max: number;
}

const defaultMax = 200;
const largestMax = 1000;
const text = String.raw`((?:[^\s.;\[\]]|\.(?!\.))*)`;
const pattern = new RegExp(String.raw`^\s*(\w+)\s+(\]?)${text}\s*\.\.\s*${text}\s*(?:;(.*))?$`);

/** @throws ShipwayError range_not_satisfiable */
export function parseRange<Item>(header: string | undefined, { keys, order = 'asc' }: ListShape<Item>): ListRange {
  const [defaultKey = 'id'] = Object.keys(keys);
  const all = { by: defaultKey, start: '', startIsOutside: false, end: '', order, max: defaultMax };
  if (header === undefined) return all;
  const [matched, by = '', outside, start = '', end = '', rest = ''] = pattern.exec(header) ?? [];
  const options = new Map(rest.split(/[,;]/).map((option) => readOption(option)));
  const wanted = options.get('order') ?? 'asc';
  const max = Number(options.get('max') ?? defaultMax);
  const isOrder = wanted === 'asc' || wanted === 'desc';
  if (matched === undefined || !Object.hasOwn(keys, by) || !isOrder || !Number.isInteger(max) || max < 1) {
    throw new ShipwayError(
      'range_not_satisfiable',
      `Range is not understood. Write e.g. "Range: ${defaultKey} ..; order=desc,max=10"; ranges go by ${Object.keys(keys).join(', ')}.`,
    );
  }
  return { by, start, startIsOutside: outside === ']', end, order: wanted, max: Math.min(max, largestMax) };
}

function readOption(option: string): [string, string] {
  const [name = '', value = ''] = option.split('=');
  return [name.trim(), value.trim()];
}

export function readRange<Item>(request: IncomingMessage, shape: ListShape<Item>): ListRange {
  return parseRange(request.headers.range, shape);
}

/** How many of the newest are enough to answer, where a store lists the newest first. */
export function newestNeeded(range: ListRange, by: string): number {
  const isHead = range.by === by && range.order === 'desc' && range.start === '' && range.end === '';
  return isHead ? range.max + 1 : Number.MAX_SAFE_INTEGER;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly headers: Readonly<Record<string, string>>;
  readonly isPart: boolean;
}

/** The part of a list that a range asks for, with Content-Range and the Next-Range that asks for the next part. */
export function pageOf<Item>(all: readonly Item[], range: ListRange, { keys }: ListShape<Item>): Page<Item> {
  const keyOf = keys[range.by] ?? (() => '');
  const direction = range.order === 'asc' ? 1 : -1;
  const compare = (left: Key, right: Key) => (left < right ? -1 : left > right ? 1 : 0) * direction;
  const bound = (value: string): Key =>
    all[0] !== undefined && typeof keyOf(all[0]) === 'number' ? Number(value) : value;
  const isInside = (key: Key) => {
    const fromStart = range.start === '' ? 1 : compare(key, bound(range.start));
    const toEnd = range.end === '' ? 1 : compare(bound(range.end), key);
    return (range.startIsOutside ? fromStart > 0 : fromStart >= 0) && toEnd >= 0;
  };
  const inside = all.filter((item) => isInside(keyOf(item))).sort((left, right) => compare(keyOf(left), keyOf(right)));
  const items = inside.slice(0, range.max);
  const isPart = inside.length > items.length;
  const [first, last] = [items[0], items.at(-1)];
  const headers: Record<string, string> = { 'Accept-Ranges': Object.keys(keys).join(', ') };
  if (first !== undefined && last !== undefined) {
    headers['Content-Range'] = `${range.by} ${keyOf(first)}..${keyOf(last)}`;
    if (isPart) headers['Next-Range'] = `${range.by} ]${keyOf(last)}..; order=${range.order},max=${range.max}`;
  }
  return { items, headers, isPart };
}

/** 206 while there is more. `write` is asked for the items of this page alone. */
export async function replyPage<Item>(page: Page<Item>, write: (item: Item) => unknown): Promise<Reply> {
  const body = await Promise.all(page.items.map(write));
  return { status: page.isPart ? 206 : 200, body, headers: page.headers };
}
