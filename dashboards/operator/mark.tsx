/** Every sign has a shape of its own: colour only repeats what the shape says. */
export type MarkShape = 'pass' | 'fail' | 'warning' | 'blind' | 'abstains' | 'waiting';

/** A sign beside a word that says the same; hidden from screen readers, which read the word. */
export function Mark({ shape }: { shape: MarkShape }) {
  return (
    <svg
      class={`mark mark-${shape}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <Shape shape={shape} />
    </svg>
  );
}

function Shape({ shape }: { shape: MarkShape }) {
  switch (shape) {
    case 'pass':
      return (
        <>
          <circle class="solid" cx="8" cy="8" r="7.5" />
          <path class="cut" d="M4.5 8.4 7 10.8 11.6 5.6" />
        </>
      );
    case 'fail':
      return (
        <>
          <path class="solid" d="M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z" />
          <path class="cut" d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6" />
        </>
      );
    case 'warning':
      return (
        <>
          <path class="solid" d="M8 .8 15.8 15H.2z" />
          <path class="cut" d="M8 6v4.2m0 2v.6" />
        </>
      );
    case 'blind':
      return (
        <>
          <circle class="line dashed" cx="8" cy="8" r="6.7" />
          <path class="line" d="M3.4 12.6 12.6 3.4" />
        </>
      );
    case 'abstains':
      return (
        <>
          <path class="line" d="M8 1.2 14.8 8 8 14.8 1.2 8z" />
          <path class="line" d="M5.6 8h4.8" />
        </>
      );
    case 'waiting':
      return (
        <>
          <circle class="line" cx="8" cy="8" r="6.7" />
          <path class="line" d="M8 4.2V8l2.6 1.8" />
        </>
      );
  }
}
