/** How long a message's body is: its bytes, or one of the two below (RFC 9112 section 6.3). */
export type Framing = number;
export const chunked: Framing = -1;
/** Responses only: the body ends with the connection. */
export const untilClose: Framing = -2;
