export declare function rootPrefix(): Promise<string[] | undefined>;

export declare function whyNoInstalling(): string;

export declare function installPackages(
  prefix: string[],
  packages: string[],
  logFile: string,
): Promise<string>;
