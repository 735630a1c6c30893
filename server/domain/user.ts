export interface User {
  readonly id: string;
  readonly email: string;
  readonly createdAt: Date;
}

/** An access token as it is stored: its secret is shown once and kept as a SHA-256 digest only. */
export interface AccessToken {
  readonly id: string;
  readonly userId: string;
  readonly description: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
}
