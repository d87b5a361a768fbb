import { describe, expect, it } from '@jest/globals';
import { signAws } from './sign-aws.js';

const accessKey = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { accessKey, region: 'us-east-1', service: 'service', now: new Date('2015-08-30T12:36:00Z') };
const request = { origin: 'https://example.amazonaws.com', path: '/', headers: {}, body: Buffer.alloc(0) };

describe('AWS Signature Version 4', () => {
  it.each([
    ['GET', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['POST', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ])('is that of AWS’s test suite for %s (get-vanilla, post-vanilla)', (method, signature) => {
    expect(signAws({ ...request, method }, scope)).toEqual({
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=host;x-amz-date, Signature=${signature}`,
    });
  });

  it('is that of AWS’s worked example, with a query and a content type', () => {
    const listUsers = {
      ...{ origin: 'https://iam.amazonaws.com', path: '/?Version=2010-05-08&Action=ListUsers', method: 'GET' },
      ...{ headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body: Buffer.alloc(0) },
    };
    expect(signAws(listUsers, { ...scope, service: 'iam' })['authorization']).toMatch(
      /Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7$/,
    );
  });

  it('covers the body, the session and every byte of the path', () => {
    const signatureOf = (difference: Partial<typeof request>, sessionToken?: string) => {
      const key = { ...accessKey, ...(sessionToken !== undefined && { sessionToken }) };
      return signAws({ ...request, method: 'POST', ...difference }, { ...scope, accessKey: key })['authorization'];
    };
    const signatures = [{}, { body: Buffer.from('{}') }, { path: '/model/a%3A0' }, { path: '/model/a:0' }].map((one) =>
      signatureOf(one),
    );
    expect(new Set([...signatures, signatureOf({}, 'session')]).size).toBe(5);
  });
});
