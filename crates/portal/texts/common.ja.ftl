# ポータル全体で使う文言。
service-name = 縁ポータル
