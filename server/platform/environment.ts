export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment that `up` was called in, for what is passed on to the programs. They read it by server/config.ts; this file is apart
 * from it because the supervisor stays resident and needs no schema.
 */
export const environment: Environment = process.env;
