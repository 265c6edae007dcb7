"""What the site itself says, in both languages."""

WORDS = {
    "ko": {
        "course": "완료 포트 서버, 한 단계씩", "language": "English", "search": "검색", "searchHint": "제목과 본문에서 찾기 (/ 키)", "nothing": "찾은 것이 없습니다.",
        "theme": "밝게/어둡게", "menu": "차례", "skip": "본문으로", "start": "처음", "notes": "강의 노트", "cards": "강의 카드", "diffs": "단계의 차이", "reference": "찾아보기",
        "before": "앞", "after": "다음", "line": "{n}줄부터", "stages": "단계:", "elsewhere": "다른 단계에서는 코드가 다릅니다",
        "new_file": "{n}에는 없던 파일입니다", "new_code": "{n}에는 없던 코드입니다", "same": "{n}과(와) 같습니다", "had": "{n}에서는 이랬습니다",
        "answer": "과제 {t}의 답 보기 ({n}줄)", "task": "과제 {t}", "hide": "답이 들어 있습니다", "copy": "복사", "source": "소스", "files": "파일",
        "unified": "한 줄로 / 나란히", "note": "노트", "read": "읽을 것", "same_file": "두 단계에서 같습니다", "gone": "없어졌습니다", "later": "아래의 {t}에서 읽습니다",
        "print": "인쇄", "noscript": "검색과 그림에는 JavaScript가 필요합니다. 본문은 그대로 읽을 수 있습니다.",
    },
    "en": {
        "course": "Completion-port servers, step by step", "language": "한국어", "search": "Search", "searchHint": "in titles and text (key /)", "nothing": "Nothing found.",
        "theme": "light/dark", "menu": "Contents", "skip": "to the text", "start": "Start", "notes": "Lecture notes", "cards": "Lesson cards", "diffs": "Stage to stage", "reference": "Reference",
        "before": "before", "after": "next", "line": "from line {n}", "stages": "in the stages:", "elsewhere": "the code is another in that stage",
        "new_file": "a file that {n} did not have", "new_code": "code that {n} did not have", "same": "the same in {n}", "had": "what {n} had here",
        "answer": "show the answer to {t} ({n} lines)", "task": "task {t}", "hide": "contains an answer", "copy": "copy", "source": "source", "files": "files",
        "unified": "in one column / side by side", "note": "note", "read": "to read", "same_file": "the same in both stages", "gone": "gone", "later": "read below, in {t}",
        "print": "print", "noscript": "Search and diagrams need JavaScript. The text can be read without.",
    },
}
