export type Event = Record<string, unknown>;
