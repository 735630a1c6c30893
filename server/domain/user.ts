export interface User {
  readonly id: string;
  readonly email: string;
  readonly createdAt: Date;
}

/** An access token as it is stored: its secret is shown once and kept as a SHA-256 digest only. */
export interface AccessToken {
  readonly id: string;
  readonly userId: string;
  /** A `session` is the dashboard's: it is taken from its cookie alone, and an `authorization` never from there. */
  readonly kind: 'authorization' | 'session';
  readonly description: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
}
