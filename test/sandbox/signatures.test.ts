import { describe, expect, test } from '@jest/globals';
import { Curve, generateSignalPubKey } from '@whiskeysockets/baileys';
import { calculateSignature, verifySignature } from 'libsignal/src/curve.js';
import { generateSigningKeyPair, isSignedBy } from '../../runtime/sandbox/xeddsa.ts';

// The sign of a point is a coin toss; ten of them meet both sides.
const ROUNDS = Array.from({ length: 10 }, (_, round) => round);

describe('signatures of sandbox phones and of clients are the same kind', () => {
  test.each(ROUNDS)('libsignal accepts ours (%d)', (round) => {
    const ours = generateSigningKeyPair();
    const message = Buffer.from(`message ${round}`);
    expect(verifySignature(Buffer.from(generateSignalPubKey(ours.public)), message, ours.sign(message))).toBe(true);
  });

  test.each(ROUNDS)('we accept those of libsignal, and none of another message or key (%d)', (round) => {
    const theirs = Curve.generateKeyPair();
    const message = Buffer.from(`message ${round}`);
    const signature = calculateSignature(Buffer.from(theirs.private), message);
    expect(isSignedBy(theirs.public, message, signature)).toBe(true);
    expect(isSignedBy(theirs.public, Buffer.from('another'), signature)).toBe(false);
    expect(isSignedBy(generateSigningKeyPair().public, message, signature)).toBe(false);
    expect(isSignedBy(theirs.public, message, signature.subarray(1))).toBe(false);
  });

  test('the pair agrees on secrets as any Curve25519 pair does', () => {
    const ours = generateSigningKeyPair();
    const theirs = Curve.generateKeyPair();
    expect(Curve.sharedKey(ours.private, theirs.public)).toEqual(Curve.sharedKey(theirs.private, ours.public));
  });
});
