/** When an upstream is left alone, and when it is tried again. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Circuit, createCircuit } from '../../src/upstream/circuit.ts';

let now: number;
let circuit: Circuit;
beforeEach(() => {
  now = 0;
  circuit = createCircuit(() => now);
});

const silence = (times: number): void => {
  for (let time = 0; time < times; time += 1) {
    expect(circuit.take()).toBe(true);
    circuit.report(false);
  }
};

describe('a circuit', () => {
  it('stays closed while silences are not five in a row', () => {
    silence(4);
    circuit.take();
    circuit.report(true);
    silence(4);
    expect(circuit.isOpen()).toBe(false);
  });

  it('opens at the fifth silence, for fifteen seconds', () => {
    silence(5);
    expect(circuit.isOpen()).toBe(true);
    expect(circuit.take()).toBe(false);
    expect(circuit.restSeconds()).toBe(15);
    now = 14_999;
    expect(circuit.take()).toBe(false);
    expect(circuit.restSeconds()).toBe(1);
    now = 15_000;
    expect(circuit.isOpen()).toBe(false);
  });

  it('lets one call try after the rest, and closes when it is answered', () => {
    silence(5);
    now = 15_000;
    expect(circuit.take()).toBe(true);
    expect(circuit.take()).toBe(false);
    circuit.report(true);
    expect(circuit.take()).toBe(true);
    circuit.report(false);
    expect(circuit.isOpen()).toBe(false);
  });

  it('rests again when the try is met with silence', () => {
    silence(5);
    now = 15_000;
    expect(circuit.take()).toBe(true);
    circuit.report(false);
    expect(circuit.take()).toBe(false);
    now = 30_000;
    expect(circuit.take()).toBe(true);
  });

  it('does not wait for ever for a try that is never reported', () => {
    silence(5);
    now = 15_000;
    expect(circuit.take()).toBe(true);
    now = 30_000;
    expect(circuit.take()).toBe(true);
  });
});
