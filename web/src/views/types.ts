/**
 * The shape of one moment, as the engine's inspect room answers it: the names are PostgreSQL's wherever it has one, so
 * that what a panel calls a thing is what SQL calls it. Positions, xids and pids are plain numbers.
 */
export type { FieldView } from '../engine/generated/FieldView.ts';
export type { HostView } from '../engine/generated/HostView.ts';
export type { ItemView } from '../engine/generated/ItemView.ts';
export type { LinkView } from '../engine/generated/LinkView.ts';
export type { LabView } from '../engine/generated/LabView.ts';
export type { PanelRequest } from '../engine/generated/PanelRequest.ts';
export type { PanelView } from '../engine/generated/PanelView.ts';
export type { PoolView } from '../engine/generated/PoolView.ts';
export type { PageImage } from '../engine/generated/PageImage.ts';
export type { PageView } from '../engine/generated/PageView.ts';
export type { ProcessView } from '../engine/generated/ProcessView.ts';
export type { RecordView } from '../engine/generated/RecordView.ts';
export type { ReplicationView } from '../engine/generated/ReplicationView.ts';
export type { SeesView } from '../engine/generated/SeesView.ts';
export type { SessionView } from '../engine/generated/SessionView.ts';
export type { TupleView } from '../engine/generated/TupleView.ts';
export type { XactEntry } from '../engine/generated/XactEntry.ts';
