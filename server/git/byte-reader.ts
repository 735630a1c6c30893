/** Takes exact counts of bytes from a stream of chunks, however it was cut, and hands over what is left as a stream. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #left: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `count` bytes without taking them; fewer only where the stream ends. */
  async peek(count: number): Promise<Buffer> {
    const parts = [this.#left];
    let length = this.#left.length;
    while (length < count) {
      const next = await this.#source.next();
      if (next.done) break;
      parts.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength));
      length += next.value.byteLength;
    }
    // Joined once: a peer that sends byte by byte must not cost a copy of everything for each of them.
    if (parts.length > 1) this.#left = Buffer.concat(parts);
    return this.#left.subarray(0, count);
  }

  /** The next `count` bytes; fewer only where the stream ends. */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    this.#left = this.#left.subarray(bytes.length);
    return bytes;
  }

  /** Bytes up to the next line feed, which is taken and left out; what there is where the stream ends first. */
  async takeLine(): Promise<Buffer> {
    let end = this.#left.indexOf(0x0a);
    for (let length = -1; end < 0 && length < this.#left.length; end = this.#left.indexOf(0x0a)) {
      length = this.#left.length;
      await this.peek(length + 1);
    }
    const line = await this.take(end < 0 ? this.#left.length : end + 1);
    return end < 0 ? line : line.subarray(0, end);
  }

  /** Everything that has not been taken. A consumer may stop early: the next call goes on from there. */
  async *rest(): AsyncGenerator<Buffer> {
    if (this.#left.length > 0) {
      const left = this.#left;
      this.#left = Buffer.alloc(0);
      yield left;
    }
    for (let next = await this.#source.next(); !next.done; next = await this.#source.next()) {
      yield Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
  }
}
