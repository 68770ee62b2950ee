/** Unpacking of gzip, for files with several members, too: browsers unpack the first alone, and call the rest junk. */

const HEADER = 10; // bytes of a gzip header; all members that one program wrote begin with the same

/** Whether the bytes begin as gzip does. @param {Uint8Array} bytes */
export function isPacked(bytes) {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/** Where the members of a gzip file begin. @param {Uint8Array} bytes */
function starts(bytes) {
  const found = [0];
  for (let i = bytes.indexOf(0x1f, HEADER); i > 0; i = bytes.indexOf(0x1f, i + 1)) {
    let same = 1;
    while (same < HEADER && bytes[i + same] === bytes[same]) same += 1;
    if (same === HEADER) found.push(i);
  }
  return found;
}

/**
 * The contents of a gzip file. An Error where it is damaged (gzip holds the sum of its contents), and a RangeError
 * where they have more bytes than wanted.
 * @param {Uint8Array} bytes @param {number} [most]
 * @returns {Promise<Uint8Array>}
 */
export async function unpacked(bytes, most = Infinity) {
  const at = starts(bytes);
  const members = at.map((start, i) => bytes.slice(start, at[i + 1] ?? bytes.length));
  let room = most;
  const parts = await Promise.all(
    members.map((member) => {
      const counted = new TransformStream({
        transform(/** @type {Uint8Array} */ part, controller) {
          room -= part.length;
          if (room < 0) throw new RangeError(`expected at most ${most} bytes`);
          controller.enqueue(part);
        },
      });
      const stream = new Blob([member]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream.pipeThrough(counted)).arrayBuffer();
    }),
  );
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), end);
    end += part.byteLength;
  }
  return whole;
}
