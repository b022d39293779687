"""Files that several processes read say what they say to one."""

from dbaudit.cli.reading import read_texts


def test_several_processes_read_the_same_in_the_same_order(tmp_path):
    paths = []
    for number in range(12):
        path = tmp_path / f"{number}.sql"
        path.write_text(f"-- name: same\nselect * from t{number % 3};\ndelete from t;\n" * (number + 1))
        paths.append(str(path))
    bad = tmp_path / "bad.sql"
    bad.write_bytes(b"select '\xff'")
    paths[5:5] = [str(bad), str(tmp_path / "none.sql")]
    one, failures = read_texts(paths, processes=1)
    assert read_texts(paths, processes=2) == (one, failures)
    assert len(failures) == 2 and len(one) == 2 * sum(range(1, 13))
    assert len({text.statement.identity for text in one}) == len(one)
