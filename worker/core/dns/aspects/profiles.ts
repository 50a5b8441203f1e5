import type { Inquiry } from '../asking/inquiry.ts';
import { askedBy, type Asked, type Way } from '../asking/question.ts';
import { chosenProfiles } from '../clients/catalogue.ts';
import type { SeenStyle } from '../clients/predict.ts';
import { profileFindings, UNSEEN_STYLES, type SeenStyles } from '../clients/profile-findings.ts';
import { agreed, withNote } from '../findings/agreement.ts';
import type { Finding } from '../findings/finding.ts';
import { truncationOf } from '../measure/truncation.ts';
import { answeredBy, wholesOf, wholeTasks } from '../measure/whole.ts';
import type { Aspect } from './aspect.ts';

/** Client profiles (B16): what each kind of client would get of the answer that the name really has. */
export const profiles: Aspect = {
  tasks: (inquiry) =>
    inquiry.settings.types.flatMap((type) => [
      ...wholeTasks(inquiry, inquiry.settings.name, type),
      ...(inquiry.authorities ?? []).flatMap((server) =>
        (['U0', 'U1'] as const).flatMap(
          (way) => askedBy(way, askedOf(inquiry, server, type), inquiry.vantage) ?? [],
        ),
      ),
    ]),
  findings: (inquiry) => inquiry.settings.types.flatMap((type) => findingsOf(inquiry, type)),
};

function findingsOf(inquiry: Inquiry, type: number): Finding[] {
  const chosen = chosenProfiles(inquiry.settings);
  const { of, wholes } = wholesOf(inquiry, inquiry.settings.name, type);
  if (of === 'resolver')
    return wholes.flatMap(({ server, message }) =>
      profileFindings(message, type, chosen).map((finding) =>
        withNote(finding, ` By the answer of resolver ${server.url}.`),
      ),
    );
  return agreed(
    wholes.map(({ server, message }) => ({
      server,
      findings: profileFindings(message, type, chosen, stylesOf(inquiry, askedOf(inquiry, server, type))),
    })),
  );
}

/** How the authority itself truncates, for profiles that go by what was measured. */
function stylesOf(inquiry: Inquiry, asked: Asked): SeenStyles {
  const seen = (way: Way): SeenStyle | undefined => {
    const message = answeredBy(inquiry, way, asked)?.message;
    const style = message && truncationOf(message).style;
    return style === 'none' ? undefined : style;
  };
  return { plain: seen('U0') ?? UNSEEN_STYLES.plain, edns: seen('U1') ?? UNSEEN_STYLES.edns };
}

function askedOf({ settings }: Inquiry, server: Asked['server'], type: number): Asked {
  return { server, name: settings.name, type, recursionDesired: false };
}
