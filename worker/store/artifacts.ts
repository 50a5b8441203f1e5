import { withDeadline } from '../deadline.ts';

/** R2 takes two megabytes in well under a second. */
const ARTIFACT_TIMEOUT_MS = 10_000;

/** Kinds of picture a probe may upload, told by their first bytes; the sender's word is not taken for it. */
const MAGIC = [
  { contentType: 'image/png', bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { contentType: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
] as const;
export type ImageType = (typeof MAGIC)[number]['contentType'];

/** The kind of picture these bytes are, or `undefined`. */
export function imageTypeOf(bytes: Uint8Array): ImageType | undefined {
  return MAGIC.find((kind) => kind.bytes.every((byte, index) => bytes[index] === byte))?.contentType;
}

/** Stores the screenshot of a run. The same run again replaces it. */
export async function putScreenshot(
  bucket: R2Bucket,
  runId: string,
  bytes: ArrayBuffer,
  contentType: ImageType,
): Promise<void> {
  const put = bucket.put(screenshotKey(runId), bytes, { httpMetadata: { contentType } });
  await withDeadline(put, ARTIFACT_TIMEOUT_MS, 'R2');
}

/** The screenshot of a run with its content type, or `undefined`. */
export async function getScreenshot(bucket: R2Bucket, runId: string): Promise<R2ObjectBody | undefined> {
  const object = await withDeadline(bucket.get(screenshotKey(runId)), ARTIFACT_TIMEOUT_MS, 'R2');
  return object ?? undefined;
}

function screenshotKey(runId: string): string {
  return `screenshots/${runId}`;
}
