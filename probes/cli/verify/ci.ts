/** What a pipeline's environment tells of a deploy. */
export type PipelineFacts = {
  version?: string | undefined;
  previousVersion?: string | undefined;
  commit?: string | undefined;
  url?: string | undefined;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Characters of a commit where it stands for a version: GitLab's `CI_COMMIT_SHORT_SHA` has as many. */
const SHORT_COMMIT_CHARS = 8;

type Source = {
  /** Set in every job of this one. */
  mark: string;
  /** Variables in which a tag, a commit, the commit before it and the pipeline's address are, each in its vendor's words. */
  tag: (env: Environment) => string | undefined;
  commit: string;
  before?: string;
  url: (env: Environment) => string | undefined;
};

/** As the vendors' pages on predefined variables have them. */
const SOURCES: readonly Source[] = [
  {
    mark: 'GITHUB_ACTIONS',
    tag: (env) => (env.GITHUB_REF_TYPE === 'tag' ? env.GITHUB_REF_NAME : undefined),
    commit: 'GITHUB_SHA',
    url: ({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run }) =>
      server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined,
  },
  {
    mark: 'GITLAB_CI',
    tag: ({ CI_COMMIT_TAG: tag }) => tag,
    commit: 'CI_COMMIT_SHA',
    before: 'CI_COMMIT_BEFORE_SHA',
    url: ({ CI_PIPELINE_URL: url }) => url,
  },
  {
    mark: 'BUILDKITE',
    tag: ({ BUILDKITE_TAG: tag }) => tag,
    commit: 'BUILDKITE_COMMIT',
    url: ({ BUILDKITE_BUILD_URL: url }) => url,
  },
  {
    mark: 'CIRCLECI',
    tag: ({ CIRCLE_TAG: tag }) => tag,
    commit: 'CIRCLE_SHA1',
    url: ({ CIRCLE_BUILD_URL: url }) => url,
  },
  {
    mark: 'JENKINS_URL',
    tag: ({ TAG_NAME: tag }) => tag,
    commit: 'GIT_COMMIT',
    before: 'GIT_PREVIOUS_SUCCESSFUL_COMMIT',
    url: ({ BUILD_URL: url }) => url,
  },
];

/**
 * What is deployed, by the variables of the pipeline that this runs in; nothing outside of one. A version is the tag, else the
 * commit's first characters; the version before is told of a commit only, as the one before a tag is not known.
 */
export function pipelineFacts(env: Environment): PipelineFacts {
  const source = SOURCES.find(({ mark }) => isSet(env[mark]));
  if (!source) return {};
  const tag = source.tag(env) || undefined;
  const commit = commitIn(env[source.commit]);
  const before = source.before === undefined ? undefined : commitIn(env[source.before]);
  return {
    version: tag ?? commit?.slice(0, SHORT_COMMIT_CHARS),
    previousVersion: tag === undefined ? before?.slice(0, SHORT_COMMIT_CHARS) : undefined,
    commit,
    url: source.url(env) || undefined,
  };
}

/** Whether nobody watches: every CI vendor sets `CI`. */
export function isPipeline(env: Environment): boolean {
  return isSet(env.CI) || SOURCES.some(({ mark }) => isSet(env[mark]));
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value.toLowerCase());
}

/** A hash; not Buildkite's `HEAD`, nor the zeros that GitLab has for a first commit. */
function commitIn(value: string | undefined): string | undefined {
  return value !== undefined && /^[0-9a-f]{7,64}$/i.test(value) && !/^0+$/.test(value) ? value : undefined;
}
