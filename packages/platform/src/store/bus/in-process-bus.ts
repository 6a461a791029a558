import type { Logger } from '@cardea/core';
import type { Bus, BusMessage, BusMessageOf, BusTopic } from './bus.ts';

/** The bus of the embedded form: subscribers of one process, called in turn. */
export class InProcessBus implements Bus {
  private readonly subscribers = new Map<BusTopic, Set<(message: BusMessage) => void>>();
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  publish(message: BusMessage): void {
    for (const onMessage of this.subscribers.get(message.type) ?? []) {
      try {
        onMessage(message);
      } catch (error) {
        this.logger.error({ err: error, topic: message.type }, 'a subscriber of the bus failed');
      }
    }
  }

  subscribe<T extends BusTopic>(topic: T, onMessage: (message: BusMessageOf<T>) => void): Disposable {
    const ofTopic = this.subscribers.get(topic) ?? new Set();
    this.subscribers.set(topic, ofTopic);
    const deliver = (message: BusMessage): void => {
      if (isTopic(message, topic)) onMessage(message);
    };
    ofTopic.add(deliver);
    return { [Symbol.dispose]: () => void ofTopic.delete(deliver) };
  }
}

function isTopic<T extends BusTopic>(message: BusMessage, topic: T): message is BusMessageOf<T> {
  return message.type === topic;
}
