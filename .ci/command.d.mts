export declare function step<T>(what: string, step: () => Promise<T>): Promise<T>;

export declare function say(text: string): void;
