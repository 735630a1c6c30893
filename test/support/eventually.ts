import { setTimeout as sleep } from 'node:timers/promises';

/** The first value of `look` that `until` holds for. @throws Error with the last value after `timeoutMs`. */
export async function eventually<Value>(
  look: () => Promise<Value>,
  until: (value: Value) => boolean,
  timeoutMs = 20_000,
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (until(value)) return value;
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms; last seen: ${JSON.stringify(value)}`);
    await sleep(100);
  }
}
