"""The card through pyscard, command by command: prints one line of JSON.

    pyscard_peer.py sign PIN DIGEST-INFO     certificate and signature, without leaving the card cleanly
    pyscard_peer.py sign-without-pin         the status word of an attempt to sign
"""

import json
import sys

from smartcard.CardConnection import CardConnection
from smartcard.System import readers

JPKI = bytes.fromhex("D392F000260100000001")


def main():
    card = connect()
    expect(card, bytes([0, 0xA4, 4, 0x0C, len(JPKI)]) + JPKI)
    if sys.argv[1] == "sign-without-pin":
        select(card, 0x17)
        data, status = send(card, bytes([0x80, 0x2A, 0, 0x80, 32]) + bytes(32) + b"\0")
        print(json.dumps({"status": status}))
        return
    pin, digest_info = sys.argv[2].encode(), bytes.fromhex(sys.argv[3])
    select(card, 0x18)
    _, tries = send(card, bytes([0, 0x20, 0, 0x80]))
    expect(card, bytes([0, 0x20, 0, 0x80, len(pin)]) + pin)
    select(card, 0x0A)
    head = expect(card, bytes([0, 0xB0, 0, 0, 4]))
    size, certificate = int.from_bytes(head[2:4], "big") + 4, b""
    while len(certificate) < size:
        at = len(certificate)
        certificate += expect(card, bytes([0, 0xB0, at >> 8, at & 255, min(size - at, 255)]))
    select(card, 0x17)
    signature = expect(card, bytes([0x80, 0x2A, 0, 0x80, len(digest_info)]) + digest_info + b"\0")
    print(json.dumps({"tries": tries, "certificate": certificate.hex(), "signature": signature.hex()}))


def connect():
    for reader in readers():
        connection = reader.createConnection()
        try:
            connection.connect(CardConnection.T1_protocol)
            return connection
        except Exception:
            continue
    raise SystemExit("no reader with a card")


def send(card, command):
    data, sw1, sw2 = card.transmit(list(command))
    return bytes(data), f"{sw1:02X}{sw2:02X}"


def expect(card, command):
    data, status = send(card, command)
    if status != "9000":
        raise SystemExit(f"{command[:4].hex()} was answered with {status}")
    return data


def select(card, file):
    expect(card, bytes([0, 0xA4, 2, 0x0C, 2, 0, file]))


main()
