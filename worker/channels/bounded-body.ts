/** What was read of a body; `complete` is false when it was longer, broke off or did not end in time. */
export type BoundedBody = { text: string; complete: boolean };

/** Reads at most `bytesMax` bytes until `signal` aborts, then lets go of the connection. Never rejects. */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  signal: AbortSignal,
): Promise<BoundedBody> {
  if (!body) return { text: '', complete: true };
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const stop = (): void => discard(reader);
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // A cancelled reader says `done`, too.
      if (done) return { text: text + decoder.decode(), complete: !signal.aborted };
      bytes += value.byteLength;
      text += decoder.decode(value.subarray(0, value.byteLength - Math.max(0, bytes - bytesMax)), {
        stream: true,
      });
      if (bytes > bytesMax) return { text, complete: false };
    }
  } catch (error) {
    return { text: text === '' ? String(error) : text, complete: false };
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** Lets go of a body, or of what is left of it, without waiting. */
export function discard(body: Pick<ReadableStream, 'cancel'> | null): void {
  body?.cancel().catch((error: unknown) => {
    // The stream had already failed; what was read of it has been told.
    void error;
  });
}
