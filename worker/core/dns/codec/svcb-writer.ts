import { ipv4Octets, ipv6Octets } from './address.ts';
import { quoted } from './name.ts';
import { stringOctets } from './octets.ts';
import type { Rdata, SvcParam } from './rdata.ts';
import { svcKeyNumber } from './svcb.ts';
import { utf8Octets } from './utf8.ts';
import type { Writer } from './writer.ts';

/** Parameters are put down in ascending order, however they are given (RFC 9460 section 2.2). */
export function writeSvcb(writer: Writer, rdata: Extract<Rdata, { kind: 'SVCB' | 'HTTPS' }>): void {
  writer.u16(rdata.priority, `priority of ${rdata.kind}`);
  writer.plainName(rdata.target);
  const numbered = rdata.params.map((param) => ({ number: svcKeyNumber(param.key), param }));
  let last = -1;
  for (const { number, param } of numbered.toSorted((a, b) => a.number - b.number)) {
    if (number === last) throw new RangeError(`expected each SvcParam once, got ${param.key} twice`);
    last = number;
    writer.u16(number, 'key of a SvcParam');
    writer.withLength(param.key, () => writeParam(writer, param));
  }
}

function writeParam(writer: Writer, param: SvcParam): void {
  switch (param.key) {
    case 'mandatory':
      for (const number of param.keys.map(svcKeyNumber).toSorted((a, b) => a - b)) {
        writer.u16(number, 'key in mandatory');
      }
      break;
    case 'alpn':
      for (const id of param.ids) writer.characterString(stringOctets(id), 'a protocol of alpn');
      break;
    case 'no-default-alpn':
      break;
    case 'port':
      writer.u16(param.port, 'port of a SvcParam');
      break;
    case 'ipv4hint':
    case 'ipv6hint':
      for (const address of param.addresses) {
        const octets = param.key === 'ipv4hint' ? ipv4Octets(address) : ipv6Octets(address);
        if (!octets) throw new RangeError(`expected an address in ${param.key}, got ${quoted(address)}`);
        writer.octets(octets);
      }
      break;
    case 'dohpath':
      writer.octets(utf8Octets(param.path));
      break;
    default:
      writer.octets(param.data);
  }
}
