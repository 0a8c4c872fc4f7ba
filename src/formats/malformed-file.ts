// What readers throw about a file that is not what it should be: never our own defect.

export class MalformedFile extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedFile";
  }
}
