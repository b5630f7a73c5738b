export type WorldSpec = Record<string, unknown>;
