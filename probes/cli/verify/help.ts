export const VERIFY_HELP = `latchkey verify: tell the hub of a deploy, and wait until it says whether the version is good

  --service NAME            what is deployed
  --version VERSION         what it is now
  --previous-version V      what it was before
  --commit HASH             what it was built from
  --url URL                 where the pipeline can be looked at
  --check NAME, --tag NAME  journeys instead of the service's own; each may be given several times
  --canary-header 'NAME: VALUE', --canary-cookie NAME=VALUE, --canary-url URL[#VAR]
                            how a run reaches the new version; with one, every run goes to both versions at once.
                            VAR is the journey's variable that the address replaces (default baseUrl); its host is one that the
                            configuration knows: of that variable, of a selector there, or in the service's canaryHosts
  --baseline-header, --baseline-cookie, --baseline-url
                            how a run reaches the version beside it (default: as everybody does). Each may be in the
                            environment instead, where no other user of the machine sees it: LATCHKEY_CANARY_HEADER, …
  --timeout DURATION        how long it may take until nobody can tell, such as 180s (default: the service's own)
  --confirm ID=EVIDENCE     an item of the checklist, and what shows that it is done; may be given several times
  --dns-plan FILE           a report of latchkey dns plan --json, for the checklist; may be given several times
  --during-incident         this deploy is the mend: an open incident or a freeze does not hold it up
  --mark-only               only mark it on the charts and in incidents
  --rollback                when the version is bad, have the hub roll it back as its configuration says
  --rollback-command -- CMD ARG…
                            when it is bad, run this here, without a shell, to roll it back. Where the configuration
                            names a webhook or a workflow, the hub calls that instead; a command of its own is run here
                            once it is wanted, by --rollback or by the configuration. Commands find LATCHKEY_SERVICE,
                            LATCHKEY_VERSION, LATCHKEY_PREVIOUS_VERSION and LATCHKEY_DEPLOY (its number) in the
                            environment
  --key KEY                 the same key is the same deploy (default: a new one each time)
  --hub URL                 the hub (default LATCHKEY_HUB, else publicUrl of the configuration)
  --config FILE             what is watched; read for publicUrl only (default latchkey.config.ts)
  --env-file FILE           secrets as KEY=VALUE lines; goes before the environment
  --json                    one object on stdout at the end, what happens on stderr
      { service, title, n, version, previousVersion?, commit?, url?, by, phase, outcome?, reason, warnings, checks, canary?,
        baseline?, announcedAtMs, decidedAtMs?, endedAtMs?, healthyAgainAtMs?, operatorUrl, nowMs, exitStatus, error?,
        checklist: [{ id, kind, title, state, evidence, atMs? }],
        verification?, again?: { openedAtMs, deadlineAtMs, paired,
          checks: [{ check, title, outcome, reason, warnings, canary: { runs, failures, invalid }, baseline?, evidence, pending,
            lost, steps: [{ step, canaryMs, baselineMs, verdict }], realAttempts? }],
          pairs: [{ pair, check, region, askedAtMs, state, canary?: { runId, outcome, durationMs, failure? }, baseline? }] },
        rollback?: { kind, unattended, state, askedBy?, via?, askedAtMs?, attempts, calledAtMs?, lastError?, reference?,
          deadlineAtMs? },
        command?, timeline: [{ atMs, text }] }
      again: the version before, looked at after a rollback. Times are the hub's, epoch ms.

Needs LATCHKEY_SERVICE_TOKEN (latchkey token --service NAME), in the environment or --env-file.
In GitHub Actions, GitLab, Buildkite, CircleCI and Jenkins the version (tag, or the commit's first 8 characters), the commit,
the pipeline's address and, where the pipeline knows it, the version before are taken from its own variables when not given.
GitHub Actions gets an annotation, a summary of the step, and the outputs outcome, deploy and deploy-url.

Exit status: 0 good, or marked. 1 the version is bad (rolled back or not), or both versions fail: an outage.
2 cannot tell, blocked by the checklist, superseded, wrong options, or the hub was not reached.`;
