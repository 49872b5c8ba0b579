"""Prints what happens, once and in order: python subscribe.py BROKERS TOPIC"""
import sys

from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from confluent_kafka import Consumer

consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "my-service",
                     "auto.offset.reset": "earliest"})
consumer.subscribe([sys.argv[2]])
last = {}  # sequence of each platform's last event; keep it where you keep what you make of them
while True:
    message = consumer.poll(1.0)
    if message is None or message.error():
        continue
    event = from_kafka_event(KafkaMessage(dict(message.headers()), message.key(), message.value()))
    sequence = int(event.get_extension("sequence"))
    if sequence <= last.get(message.key(), 0):
        continue  # a repeat
    last[message.key()] = sequence
    print(event.get_type(), event.get_subject(), event.get_data(), flush=True)
