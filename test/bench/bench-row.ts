/** One figure beside those of its peers, measured in the same run. */
export interface BenchRow {
  readonly name: string;
  readonly unit: string;
  readonly shipway: number;
  readonly peers: Readonly<Record<string, number>>;
  /** What we hold ourselves to, as text. */
  readonly target: string;
}
