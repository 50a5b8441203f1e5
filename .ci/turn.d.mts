export declare function takeTurn(lockFolder: string): Promise<() => void>;
