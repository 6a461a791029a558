/** The outside world of the platform's services: each is a port with an embedded default (architecture.md section 6). */
export type { Bus, BusMessage, BusMessageOf, BusTopic } from './bus/bus.ts';
export type { Exchange, ExchangeOptions } from './bus/exchange.ts';
export type {
  ListedObject,
  ObjectDigest,
  ObjectFacts,
  ObjectStat,
  ObjectStore,
  OpenObject,
  ReceivedObject,
} from './objects/object-store.ts';
export type { FindRow, RowReader } from './sql/row-reader.ts';
export type { Db, Row, SegmentState, Tables } from './sql/schema.ts';
