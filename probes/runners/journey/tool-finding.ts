/**
 * What a tool of the journey has measured, and is the target's fault by itself: whatever the page shows meanwhile, such as
 * the failures that the tool put there, does not explain it.
 */
export class ToolFinding extends Error {
  override readonly name = 'ToolFinding';
}
