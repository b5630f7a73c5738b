export type Snapshot = Record<string, unknown>;
