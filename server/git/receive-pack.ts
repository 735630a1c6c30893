import { toShipwayError } from '../domain/error.ts';
import type { PushReceiver, Repositories } from '../domain/git.ts';
import { ByteReader } from './byte-reader.ts';
import { checkCommands, joinResults, spreadRefusals } from './check-commands.ts';
import type { GitExchange } from './git-exchange.ts';
import { noCache } from './git-exchange.ts';
import { ProtocolError } from './pkt-line.ts';
import { createPushOutput, type PushOutput } from './push-output.ts';
import { receiveObjects } from './receive-objects.ts';
import { type ReceiveRequest, readReceiveRequest } from './receive-request.ts';
import { createRepack } from './repack.ts';
import { drain, readBody } from './request-body.ts';

export interface ReceivePackOptions {
  readonly repositories: Repositories;
  readonly receiver: PushReceiver;
  readonly maxPackBytes: number;
  /** An upload from which nothing comes for this long is given up. */
  readonly stallTimeoutMs: number;
  /** How long a pusher hears nothing at most. */
  readonly keepAliveMs: number;
  readonly log: (text: string) => void;
  readonly clock: () => Date;
}

type PushExchange = { readonly exchange: GitExchange; readonly head: ReceiveRequest; readonly receivedAt: Date };

/**
 * `POST git-receive-pack` (gitprotocol-http, "Smart Service git-receive-pack"): commands, then a pack, then an answer that stays open for as
 * long as the receiver works. A pusher who leaves after the pack has arrived changes nothing about that.
 */
export function createReceivePack(options: ReceivePackOptions): (exchange: GitExchange) => Promise<void> {
  const repack = createRepack(options);

  return async (exchange) => {
    const { request, response, app } = exchange;
    const receivedAt = options.clock();
    const reader = new ByteReader(readBody(request, options.stallTimeoutMs));
    const head = await readReceiveRequest(reader);
    response.writeHead(200, { ...noCache, 'Content-Type': 'application/x-git-receive-pack-result' });
    // The probe that git sends before a large push: it asks whether it would be let in.
    if (head.commands.length === 0) {
      response.end();
      return;
    }
    const output = createPushOutput(response, { capabilities: head.capabilities, keepAliveMs: options.keepAliveMs });
    await receivePush(options, { exchange, head, receivedAt }, reader, output);
    await drain(request);
    repack(options.repositories.pathOf(app.id));
  };
}

async function receivePush(
  options: ReceivePackOptions,
  push: PushExchange,
  reader: ByteReader,
  output: PushOutput,
): Promise<void> {
  const { exchange, head } = push;
  const refuseAll = (unpack: string, reason: string) =>
    output.finish(
      unpack,
      head.commands.map(({ ref }) => ({ ref, ok: false, reason })),
    );
  try {
    await options.repositories.create(exchange.app.id);
    const objects = await receiveObjects({
      repositoryPath: options.repositories.pathOf(exchange.app.id),
      head,
      reader,
      maxPackBytes: options.maxPackBytes,
      onProgress: head.capabilities.has('quiet') ? undefined : output.progress,
    });
    if (objects.status === 'refused') refuseAll(objects.reason, 'unpacker error');
    else await updateRefs(options, push, objects.disconnected, output);
  } catch (error) {
    const isPushers = error instanceof ProtocolError;
    if (!isPushers) options.log(`Push to ${exchange.app.name} failed: ${describe(error)}`);
    refuseAll(isPushers ? error.message : toShipwayError(error).message, 'push failed');
  }
}

/** Hands what may be done to the receiver, and reports every command. */
async function updateRefs(
  options: ReceivePackOptions,
  { exchange, head, receivedAt }: PushExchange,
  disconnected: ReadonlySet<string>,
  output: PushOutput,
): Promise<void> {
  const { app, user } = exchange;
  const atomic = head.capabilities.has('atomic');
  const refused = checkCommands(head.commands).map((reason, index) => {
    const lacks = disconnected.has(head.commands[index]?.newOid ?? '');
    return reason ?? (lacks ? 'missing necessary objects' : undefined);
  });
  const reasons = spreadRefusals(refused, atomic);
  const commands = head.commands.filter((_, index) => reasons[index] === undefined);
  const push = {
    appId: app.id,
    appName: app.name,
    userId: user.id,
    userEmail: user.email,
    commands,
    atomic,
    options: head.options,
    receivedAt,
    receiveMs: options.clock().getTime() - receivedAt.getTime(),
  };
  const received = commands.length === 0 ? [] : await options.receiver.receive(push, output.tell);
  output.finish('ok', joinResults(head.commands, reasons, received));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
